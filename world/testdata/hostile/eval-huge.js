// expect: out-of-memory|out-of-gas
var __spc_app = {
  async activate(event, spc) {
    return eval('[' + '0,'.repeat(4e6) + ']').length
  },
}
