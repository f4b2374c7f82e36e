// expect: failed "../secret"
var __spc_app = {
  async activate(event, spc) {
    spc.files.write('../secret', 'x')
  },
}
