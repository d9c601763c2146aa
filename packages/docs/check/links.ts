import { globSync, readFileSync } from 'node:fs'
import { join, posix } from 'node:path'

/** A link of the built site that leads nowhere. */
export interface BrokenLink {
  readonly page: string
  readonly to: string
}

/** Follows every internal link and anchor of the built site; those to other hosts are counted alone. */
export function followLinks(dist: string): {
  readonly links: number
  readonly external: number
  readonly broken: readonly BrokenLink[]
} {
  const files = globSync('**/*.html', { cwd: dist })
  const pages = new Map(
    files.map((file) => [addressOf(file), readFileSync(join(dist, file), 'utf8')]),
  )
  const ids = new Map(
    [...pages].map(([address, html]) => [
      address,
      new Set([...html.matchAll(/\sid="?([^"\s>]+)/g)].map(([, id]) => id!)),
    ]),
  )
  const others = new Set(
    globSync('**/*.*', { cwd: dist }).map((file) => `/${file.replaceAll('\\', '/')}`),
  )
  const broken: BrokenLink[] = []
  let links = 0
  let external = 0
  for (const [page, html] of pages)
    for (const [, quoted, bare] of html.matchAll(/<a\s[^>]*?href=(?:"([^"]*)"|([^\s>]+))/g)) {
      const to = (quoted ?? bare!).replaceAll('&amp;', '&')
      if (/^(?:https?:|mailto:|data:)/.test(to)) {
        external++
        continue
      }
      links++
      const [path = '', anchor] = to.split('#')
      const target =
        path === '' ? page : posix.normalize(posix.join(path.startsWith('/') ? '' : page, path))
      const known = ids.get(target)
      const isThere = known
        ? anchor === undefined || anchor === '' || known.has(decodeURIComponent(anchor))
        : others.has(target)
      if (!isThere) broken.push({ page, to })
    }
  return { links, external, broken }
}

function addressOf(file: string): string {
  const path = file.replaceAll('\\', '/')
  return `/${path.replace(/(?:^|\/)index\.html$/, (found) => (found.startsWith('/') ? '/' : ''))}`
}
