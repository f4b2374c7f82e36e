// expect: failed "ReferenceError"
var __spc_app = {
  async activate(event, spc) {
    return require('fs').readFileSync('/etc/passwd')
  },
}
