// expect: failed "/etc/passwd"
var __spc_app = {
  async activate(event, spc) {
    return spc.files.read('/etc/passwd')
  },
}
