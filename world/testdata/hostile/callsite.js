// expect: failed "raw functions: activate,toJSON ("
var __spc_app = {
  async activate(event, spc) {
    // Tries to get at the host's raw functions by way of a stack trace from inside one.
    const found = new Set()
    const whole = String
    Error.prepareStackTrace = (e, sites) => {
      for (const s of sites) for (const get of ['getFunction', 'getThis']) try { found.add(s[get]()) } catch {}
      return ''
    }
    String = () => ({ toString() { new Error().stack; return 'k' } })
    try { spc.kv.get({}) } catch {}
    try { spc.sensor({}) } catch {}
    try { spc.kv.putJSON('k', { toJSON() { new Error().stack } }) } catch {}
    String = whole
    Error.prepareStackTrace = undefined
    const native = (f) => typeof f === 'function' && Function.prototype.toString.call(f).includes('[native code]')
    const names = [...found].filter((f) => native(f) && f !== JSON.stringify && f !== SpcError).map((f) => f.name)
    throw new Error('raw functions: ' + names.join())
  },
}
