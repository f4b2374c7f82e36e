// expect: out-of-memory|failed|out-of-gas
var __spc_app = {
  async activate(event, spc) {
    return (2n ** (2n ** 40n)).toString().length
  },
}
