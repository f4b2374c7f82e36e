// expect: failed "PERM"
var __spc_app = {
  async activate(event, spc) {
    try { spc.send('ipn:90031.65', 'you have won') } catch (e) { throw new Error(e.code) }
  },
}
