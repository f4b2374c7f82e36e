// expect: failed "string too long"
var __spc_app = {
  async activate(event, spc) {
    let s = 'x'
    for (;;) s += s
  },
}
