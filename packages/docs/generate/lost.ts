import type { Page } from './page.ts'

const WAYS =
  '[Start here](/start/) · [Providers](/providers/) · [Why does my signature not match?](/explain/) · [Errors by code](/errors/) · [Glossary](/reference/glossary/)'

/** The 404 page: a search for the words of the address, and links to the most used pages. */
export const lostPage: Page = {
  slug: '404',
  title: 'There is no page at this address',
  description: 'Search the site, or choose a way.',
  text: WAYS,
  mdx: `import Find from '../../components/find.astro'\n\n<Find />\n\n${WAYS}`,
  matter: 'template: splash\npagefind: false\n',
}
