// expect: failed "thrown: just text"
var __spc_app = {
  async activate(event, spc) {
    throw 'just text'
  },
}
