import { createRequire } from 'node:module'

export function version(): string {
  // Found by the package's own name, not by a relative path, which would differ in the bundled code.
  const manifest = createRequire(import.meta.url)('postern/package.json') as { version: string }
  return manifest.version
}
