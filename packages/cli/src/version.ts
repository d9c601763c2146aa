import { createRequire } from 'node:module'

export function version(): string {
  // Finds package.json by the package's name, because a relative path would differ in the bundled code.
  const manifest = createRequire(import.meta.url)('postern/package.json') as { version: string }
  return manifest.version
}
