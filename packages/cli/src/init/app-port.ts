import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'

// In the order of certainty: what is listened on, then a name that says it.
const PLACES = [
  /\.listen\(\s*(?:\{[^}]*\bport\s*:\s*)?(?:Number\(|parseInt\(|\+)?(?:process\.env\.\w+|process\.env\[['"]\w+['"]\])\s*\)?\s*(?:\|\||\?\?)\s*['"]?(\d{2,5})\b/,
  /\.listen\(\s*(?:\{[^}]*\bport\s*:\s*)?['"]?(\d{2,5})\b/,
  /\bserve\([^)]*\bport\s*:\s*(?:[^,)}]*(?:\|\||\?\?)\s*)?['"]?(\d{2,5})\b/,
  /\b(?:port|PORT)\b\s*(?::\s*\w+\s*)?=\s*(?:[^\n;]*?(?:\|\||\?\?)\s*)?['"]?(\d{2,5})\b/,
] as const

/** The port of an app: `PORT` of `.env`, else the first that its source or a script of `package.json` names, else the usual one. */
export function portOf(
  folder: string,
  files: readonly string[],
  scripts: Readonly<Record<string, string>> = {},
  usual = 3000,
): number {
  const env = /^\s*(?:export\s+)?PORT\s*=\s*['"]?(\d+)/m.exec(textOf(folder, '.env'))?.[1]
  if (env !== undefined) return Number(env)
  for (const script of [scripts['dev'], scripts['start']]) {
    const port = /(?:^|\s)(?:PORT=|--port[ =]|-p )(\d{2,5})\b/.exec(script ?? '')?.[1]
    if (port !== undefined) return Number(port)
  }
  const texts = files.map((file) => textOf(folder, file))
  for (const place of PLACES)
    for (const text of texts) {
      const port = Number(place.exec(text)?.[1])
      if (port > 0 && port <= 65_535) return port
    }
  return usual
}

function textOf(folder: string, file: string): string {
  const path = join(folder, file)
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true
    ? readFileSync(path, 'utf8')
    : ''
}
