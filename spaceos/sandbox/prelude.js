// The JavaScript side of the sandbox: evaluated once when the runtime is installed,
// and part of the state that every activation starts from. It turns the host
// functions (bridge.go) into the object `spc` of docs/spc-abi.md and runs the handler.
// The last expression gives the engine the functions it calls.
(function () {
  'use strict'
  const h = globalThis.__spc_host
  delete globalThis.__spc_host

  const codes = ['OK', 'PERM', 'NOENT', 'INVAL', 'QUOTA', 'RATE', 'BUSY', 'TOOBIG', 'BADAUTH', 'UNAVAILABLE', 'INTERNAL']
  const texts = ['ok', 'not permitted', 'not found', 'invalid argument', 'quota used up', 'rate limit', 'busy', 'too big',
    'authentication failed', 'unavailable', 'internal error']

  class SpcError extends Error {
    constructor(what, errno) {
      super(what + ': ' + (texts[errno] || 'errno ' + errno))
      this.code = codes[errno] || 'INTERNAL'
      this.errno = errno
    }
    get name() { return 'SpcError' }
  }

  const NOENT = 2
  const INVAL = 3

  // Host functions give a number where something failed, and 0 where nothing is to be given.
  function check(v, what) {
    if (typeof v === 'number' && v !== 0) throw new SpcError(what, v)
    return v
  }
  // The same for look-ups, where "not found" is an answer.
  function find(v, what) {
    if (v === NOENT) return null
    return check(v, what)
  }
  function bytes(data, what) {
    if (typeof data === 'string' || data instanceof Uint8Array) return data
    if (data instanceof ArrayBuffer) return new Uint8Array(data)
    if (ArrayBuffer.isView(data)) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    throw new SpcError(what + ': data must be a string, Uint8Array or ArrayBuffer', INVAL)
  }
  function text(v) { return typeof v === 'string' ? v : String(v) }
  function millis(t, what) {
    const ms = t instanceof Date ? t.getTime() : Number(t)
    if (!(ms >= -8.64e15 && ms <= 8.64e15)) throw new SpcError(what + ': not a time', INVAL)
    return ms
  }

  const utf8 = {
    encode(s) { return h.encode(text(s)) },
    decode(b) { return h.decode(bytes(b, 'utf8.decode')) },
  }

  function line(args) {
    let out = ''
    for (let i = 0; i < args.length; i++) {
      const a = args[i]
      if (i > 0) out += ' '
      if (typeof a === 'string') out += a
      else if (a instanceof Error) out += describe(a)
      else if (typeof a === 'object' && a !== null) {
        try { out += JSON.stringify(a) } catch { out += String(a) }
      } else out += String(a)
    }
    return out
  }
  const logger = (level) => (...args) => { h.log(level, line(args)) }

  const kv = {
    get(key) { return find(h.get(text(key)), `kv.get "${key}"`) },
    getText(key) {
      const v = kv.get(key)
      return v === null ? null : h.decode(v)
    },
    getJSON(key) {
      const v = kv.get(key)
      return v === null ? undefined : JSON.parse(h.decode(v))
    },
    put(key, data) { check(h.put(text(key), bytes(data, `kv.put "${key}"`)), `kv.put "${key}"`) },
    putJSON(key, value) {
      const json = JSON.stringify(value)
      if (json === undefined) throw new SpcError(`kv.putJSON "${key}": value has no JSON form`, INVAL)
      kv.put(key, json)
    },
    delete(key) { return find(h.delete(text(key)), `kv.delete "${key}"`) !== null },
    keys(prefix = '') {
      const v = check(h.keys(text(prefix)), 'kv.keys')
      return v === '' ? [] : v.split('\0')
    },
  }

  const files = {
    read(name) { return find(h.readFile(text(name)), `files.read "${name}"`) },
    write(name, data) { check(h.writeFile(text(name), bytes(data, `files.write "${name}"`)), `files.write "${name}"`) },
    remove(name) { return find(h.removeFile(text(name)), `files.remove "${name}"`) !== null },
    list() {
      const v = h.listFiles()
      return v === '' ? [] : v.split('\0')
    },
  }

  const log = { debug: logger(0), info: logger(1), warn: logger(2), error: logger(3) }

  const spc = {
    version: 1,
    sensor(name) {
      const v = new Float64Array(check(h.sensor(text(name)), `sensor "${name}"`).buffer)
      const reading = { time: new Date(v[0]), values: Array.from(v.subarray(1)) }
      const data = h.sensorData()
      if (data !== NOENT) reading.data = data
      return reading
    },
    kv,
    files,
    log,
    utf8,
    send(peer, data) { check(h.send(text(peer), bytes(data, `send to "${peer}"`)), `send to "${peer}"`) },
    receive() {
      const from = find(h.receiveFrom(), 'receive')
      return from === null ? null : { from, data: h.receiveData() }
    },
    seal(data) { return check(h.seal(bytes(data, 'seal')), 'seal') },
    open(data) { return check(h.open(bytes(data, 'open')), 'open') },
    wakeAt(date, label = '') { check(h.wakeAt(millis(date, 'wakeAt'), text(label)), 'wakeAt') },
    wakeInRegion(latDeg, lonDeg, radiusKm, label = '') {
      check(h.wakeInRegion(Number(latDeg), Number(lonDeg), Number(radiusKm), text(label)), 'wakeInRegion')
    },
    subscribe(trigger) { check(h.subscribe(text(trigger)), `subscribe "${trigger}"`) },
    setResult(data) { check(h.setResult(bytes(data, 'setResult')), 'setResult') },
    now() { return new Date(Date.now()) },
    gasLeft() { return h.gasLeft() },
  }

  // Globals that scripts expect.
  Math.random = function random() { return h.random() }
  const hidden = (name, value) => Object.defineProperty(globalThis, name, { value, writable: true, configurable: true })
  hidden('spc', spc)
  hidden('SpcError', SpcError)
  hidden('console', { log: log.info, info: log.info, debug: log.debug, warn: log.warn, error: log.error, trace: log.debug })
  hidden('performance', { now() { return h.elapsed() } })
  hidden('TextEncoder', class TextEncoder {
    get encoding() { return 'utf-8' }
    encode(s = '') { return h.encode(text(s)) }
  })
  hidden('TextDecoder', class TextDecoder {
    constructor(label = 'utf-8') {
      if (!/^utf-?8$/i.test(label)) throw new RangeError('TextDecoder: only utf-8')
    }
    get encoding() { return 'utf-8' }
    decode(b) { return b === undefined ? '' : h.decode(bytes(b, 'TextDecoder.decode')) }
  })

  // Timers do not wait: when nothing else is left to run, the clock jumps to the next one.
  const timers = []
  let timerCount = 0
  hidden('setTimeout', function setTimeout(fn, ms = 0, ...args) {
    if (typeof fn !== 'function') throw new TypeError('setTimeout: not a function')
    const at = h.elapsed() + Math.max(0, Number(ms) || 0)
    const id = ++timerCount
    let i = timers.length
    while (i > 0 && timers[i - 1].at > at) i--
    timers.splice(i, 0, { id, at, fn, args })
    return id
  })
  hidden('clearTimeout', function clearTimeout(id) {
    const i = timers.findIndex((t) => t.id === id)
    if (i >= 0) timers.splice(i, 1)
  })
  if (globalThis.queueMicrotask === undefined) {
    hidden('queueMicrotask', function queueMicrotask(fn) { Promise.resolve().then(fn) })
  }

  // tick runs the next timer and says whether there was one.
  function tick() {
    const t = timers.shift()
    if (t === undefined) return false
    h.sleepUntil(t.at)
    t.fn(...t.args)
    return true
  }

  function describe(e) {
    try {
      if (!(e instanceof Error)) return 'thrown: ' + (typeof e === 'string' ? e : JSON.stringify(e) || String(e))
      let s = e.name + ': ' + e.message
      const stack = String(e.stack || '').split('\n').map((l) => l.trim()).filter((l) => l.startsWith('at ') && !l.includes('spc:'))
      for (let i = 0; i < stack.length && i < 4; i++) s += (i === 0 ? ' (' : ', ') + stack[i]
      return stack.length > 0 ? s + ')' : s
    } catch {
      return 'thrown: a value that cannot be described'
    }
  }

  function fail(e) { h.failed(describe(e)) }

  function done(v) {
    try {
      if (v === undefined) return h.done(undefined)
      if (typeof v !== 'string' && !(v instanceof Uint8Array)) {
        if (v instanceof ArrayBuffer) v = new Uint8Array(v)
        else if ((v = JSON.stringify(v)) === undefined) throw new TypeError('the result has no JSON form')
      }
      check(h.done(v), 'result')
    } catch (e) {
      fail(e)
    }
  }

  // start calls the script's handler.
  function start() {
    try {
      const app = globalThis.__spc_app
      if (app === undefined || app === null) throw new TypeError('the script does not set __spc_app: bundle it as an iife with that global name')
      const handler = app.default === undefined ? app : app.default
      const event = { kind: h.event(0), name: h.event(1), time: new Date(h.eventTime()), from: h.event(2), data: h.eventData() }
      let result
      if (typeof handler === 'function') result = handler(event, spc)
      else if (handler && typeof handler.activate === 'function') result = handler.activate(event, spc)
      else throw new TypeError('the default export is neither a function nor an object with a method activate')
      if (result !== null && typeof result === 'object' && typeof result.then === 'function') result.then(done, fail)
      else done(result)
    } catch (e) {
      fail(e)
    }
  }

  return { start, tick, fail }
})()
