import { createRequire } from 'node:module'

export function version(): string {
  // By the package's own name: the bundled module does not lie as deep as this one.
  const manifest = createRequire(import.meta.url)('postern/package.json') as { version: string }
  return manifest.version
}
