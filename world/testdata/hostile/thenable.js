// expect: out-of-gas
var __spc_app = {
  async activate(event, spc) {
    return { then(done) { Promise.resolve(this).then(done) } }
  },
}
