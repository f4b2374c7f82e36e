// expect: failed "depth 0"
var __spc_app = {
  async activate(event, spc) {
    // Code that runs while the host converts a value would call the engine from within itself.
    const whole = String
    let depth = 0
    String = (v) => ({ toString() { if (depth++ < 50) spc.kv.get({}); return 'k' } })
    try { spc.kv.get({}) } catch {}
    String = whole
    throw new Error('depth ' + depth)
  },
}
