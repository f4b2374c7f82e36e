// expect: failed "never settled"
var __spc_app = {
  async activate(event, spc) {
    Promise.prototype.then = function () { return this }
    await new Promise((r) => r())
  },
}
