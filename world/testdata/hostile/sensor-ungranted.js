// expect: failed "PERM"
var __spc_app = {
  async activate(event, spc) {
    try { spc.sensor('camera') } catch (e) { throw new Error(e.code) }
  },
}
