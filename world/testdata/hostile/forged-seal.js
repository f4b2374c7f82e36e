// expect: failed "BADAUTH"
var __spc_app = {
  async activate(event, spc) {
    const s = spc.seal('mine')
    s[20] ^= 1
    try { spc.open(s) } catch (e) { throw new Error(e.code) }
  },
}
