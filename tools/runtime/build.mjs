// Copies QuickJS as WebAssembly from its npm package into spaceos/sandbox/assets,
// where the Go build embeds it. Run by "make runtime" after "npm ci".
import { copyFile, readFile } from 'node:fs/promises'
import { createHash } from 'node:crypto'
import { fileURLToPath } from 'node:url'

const from = fileURLToPath(import.meta.resolve('quickjs-wasi/quickjs.wasm'))
const to = fileURLToPath(new URL('../../spaceos/sandbox/assets/quickjs.wasm', import.meta.url))
await copyFile(from, to)
const digest = createHash('sha256').update(await readFile(to)).digest('hex')
console.error(`quickjs.wasm: sha256 ${digest}`)
