// expect: failed "files.write"
var __spc_app = {
  async activate(event, spc) {
    spc.files.write('a\0/../b', 'x')
  },
}
