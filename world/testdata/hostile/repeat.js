// expect: out-of-memory
var __spc_app = {
  async activate(event, spc) {
    return 'x'.repeat(2 ** 30 - 30).length
  },
}
