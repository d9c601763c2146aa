/**
 * Returns true for SQLite versions that can damage a WAL file if two processes write and checkpoint at the same time.
 * These are 3.7.0 to 3.51.2, except 3.44.6 and later 3.44 releases, and 3.50.7 and later 3.50 releases.
 * https://www.sqlite.org/wal.html
 */
export function hasWalResetBug(version: string): boolean {
  const [major = 0, minor = 0, patch = 0] = version.split('.').map(Number)
  if (major !== 3 || minor > 51) return false
  if (minor === 51) return patch < 3
  if (minor === 50) return patch < 7
  if (minor === 44) return patch < 6
  return minor >= 7
}
