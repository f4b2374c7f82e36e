// expect: out-of-gas
var __spc_app = {
  async activate(event, spc) {
    for (let i = 0; ; i++) spc.log.info(i, 'x'.repeat(4000))
  },
}
