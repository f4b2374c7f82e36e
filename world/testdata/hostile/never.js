// expect: failed "never settled"
var __spc_app = {
  async activate(event, spc) {
    await new Promise(() => {})
  },
}
