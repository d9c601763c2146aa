import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

const site = join(import.meta.dirname, '..')
const docs = join(site, 'src', 'content', 'docs')
const open = join(site, 'public')

// Sites that read og:image need the whole address, if there is one.
const { postern } = JSON.parse(readFileSync(join(site, '..', '..', 'package.json'), 'utf8')) as {
  postern: { site?: string }
}
const address = postern.site ?? ''

/** A page of the site. */
export interface Page {
  /** Its address without slashes at the ends: `providers/stripe`. */
  readonly slug: string
  readonly title: string
  /** One sentence: search engines and agents read it. */
  readonly description: string
  /** Markdown for people and for agents. */
  readonly text: string
  /** MDX in place of `text` on the page itself, where a component is needed. */
  readonly mdx?: string
  /** Further lines of the front matter. */
  readonly matter?: string
}

/** Lines of the front matter for the picture that a link to the page shows elsewhere. */
export function pictured(name: string, says: string): string {
  const tags = { 'og:image': `${address}/og/${name}.png`, 'og:image:alt': says }
  const lines = Object.entries(tags).map(
    ([property, content]) => `  - tag: meta\n    attrs: ${JSON.stringify({ property, content })}`,
  )
  return `head:\n${lines.join('\n')}\n`
}

/** Removes what an earlier run wrote. */
export function clear(): void {
  for (const folder of [docs, open]) rmSync(folder, { recursive: true, force: true })
}

/** Writes pages, each with a Markdown copy for agents. */
export function write(pages: readonly Page[]): void {
  for (const page of pages) {
    const { slug, title, description, text, mdx, matter = '' } = page
    const head = `---\ntitle: ${JSON.stringify(title)}\ndescription: ${JSON.stringify(description)}\n${matter}---\n\n`
    save(
      join(docs, `${slug === '' ? 'index' : slug}.${mdx === undefined ? 'md' : 'mdx'}`),
      head + (mdx ?? text),
    )
    save(join(open, `${slug === '' ? 'index' : slug}.md`), `# ${title}\n\n${text}`)
  }
}

/** Writes a file that the site serves as it is. */
export function serve(path: string, content: string | Uint8Array): void {
  save(join(open, path), content)
}

function save(path: string, content: string | Uint8Array): void {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, typeof content === 'string' ? `${content.trimEnd()}\n` : content)
}
