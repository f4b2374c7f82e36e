// expect: failed "too big"
var __spc_app = {
  async activate(event, spc) {
    return 'x'.repeat(70e3)
  },
}
