// A well-behaved app that uses all there is: whatever others do, its receipts stay
// the same to the byte.
var __spc_app = {
  async activate(event, spc) {
    const n = (spc.kv.getJSON('n') ?? 0) + 1
    spc.kv.putJSON('n', n)
    const { values } = spc.sensor('magnetometer')
    const [lat, lon] = spc.sensor('gnss').values
    const sealed = spc.seal('secret ' + n)
    const before = spc.files.read('sealed')
    spc.files.write('sealed', sealed)
    const last = before ? spc.utf8.decode(spc.open(before)) : 'none'
    spc.log.info('sample', n, spc.files.list(), spc.kv.keys())
    const clean = [Object.prototype.evil, Array.prototype.evil, globalThis.evil, [].concat([3, 1, 2]).sort().join(''),
      JSON.stringify({ a: [1] }), await Promise.resolve('kept'), String(12), typeof Math.random()]
    return { n, kind: event.kind, name: event.name, values, lat, lon, last, clean, at: spc.now().toISOString() }
  },
}
