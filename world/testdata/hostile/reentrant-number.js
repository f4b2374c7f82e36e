// expect: failed "depth 0"
var __spc_app = {
  async activate(event, spc) {
    // The same with numbers.
    const whole = Number
    let depth = 0
    Number = (v) => ({ valueOf() { if (depth++ < 50) spc.wakeInRegion(1, 2, 3); return 1 } })
    try { spc.wakeInRegion(1, 2, 3) } catch {}
    Number = whole
    throw new Error('depth ' + depth)
  },
}
