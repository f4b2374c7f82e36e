// expect: failed "PERM: send to \"ipn:90031.0\": not permitted"
var __spc_app = {
  async activate(event, spc) {
    try { spc.send('ipn:90031.0', 'power off') } catch (e) { throw new Error(e.code + ': ' + e.message) }
  },
}
