// Empties ../dist except for its committed README.md.
import { readdirSync, rmSync } from 'node:fs';

const dist = new URL('../dist/', import.meta.url);
for (const name of readdirSync(dist)) {
  if (name !== 'README.md') rmSync(new URL(name, dist), { recursive: true });
}
