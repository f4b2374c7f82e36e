// expect: failed "thrown: undefined"
var __spc_app = {
  async activate(event, spc) {
    throw undefined
  },
}
