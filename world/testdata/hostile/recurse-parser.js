// expect: stack-limit
var __spc_app = {
  async activate(event, spc) {
    return JSON.parse('['.repeat(1e5))
  },
}
