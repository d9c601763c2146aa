import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from './page.ts'

const folder = join(import.meta.dirname, '..', 'pages')

/** The pages that people wrote: the first line is the title, the second paragraph's first sentence the description. */
export function writtenByHand(): readonly Page[] {
  return globSync('**/*.md', { cwd: folder })
    .toSorted()
    .map((file): Page => {
      const source = readFileSync(join(folder, file), 'utf8')
      const [, title = '', description = '', text = ''] =
        /^# (.+)\n+(.+)\n([^]*)$/.exec(source) ?? []
      return {
        slug: file.replaceAll('\\', '/').replace(/\.md$/, ''),
        title,
        description,
        text: `${description}\n${text}`,
        // The one page by hand that has a form.
        ...(file === 'explain.md' && {
          mdx: `import Explain from '../../components/explain.astro'\n\n${description}\n\n<Explain />\n\n${text}`,
        }),
      }
    })
}
