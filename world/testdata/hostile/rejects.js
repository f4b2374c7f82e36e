// expect: failed "later"
var __spc_app = {
  async activate(event, spc) {
    await null
    return Promise.reject(new RangeError('later'))
  },
}
