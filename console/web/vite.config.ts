import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vite';

// `npm run dev` serves the sources and asks a running `spacechain up` for data.
const backend = process.env.SPACECHAIN_URL ?? 'http://127.0.0.1:8480';

export default defineConfig({
  plugins: [svelte()],
  build: {
    outDir: '../dist',
    // dist/README.md is committed, so the folder is cleaned by hand below.
    emptyOutDir: false,
    target: 'es2022',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: true,
    chunkSizeWarningLimit: 900,
  },
  server: { proxy: { '/api': backend, '/openapi.json': backend } },
});
