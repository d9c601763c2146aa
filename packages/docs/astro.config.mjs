import { readFileSync } from 'node:fs'
import starlight from '@astrojs/starlight'
import { defineConfig } from 'astro/config'

// No address is invented: whoever publishes the site writes it there.
const { site } = JSON.parse(
  readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
).postern

// The page and its worker speak to the host they came from, and to no other. Starlight writes scripts and styles into the pages:
// `build.ts` puts the hashes of a page's own scripts into its policy.
const POLICY = [
  "default-src 'self'",
  "script-src 'self' 'wasm-unsafe-eval' blob:",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "worker-src 'self' blob:",
  "object-src 'none'",
  "base-uri 'self'",
  "form-action 'self'",
].join('; ')

export default defineConfig({
  ...(site && { site }),
  trailingSlash: 'always',
  integrations: [
    starlight({
      title: 'Postern',
      description: 'Receives webhooks in your own Node.js app',
      logo: { src: './src/assets/arch.svg', alt: '' },
      favicon: '/arch.svg',
      customCss: ['./src/styles/site.css'],
      head: [{ tag: 'meta', attrs: { 'http-equiv': 'Content-Security-Policy', content: POLICY } }],
      pagination: false,
      credits: false,
      expressiveCode: {
        themes: ['github-dark-dimmed', 'github-light'],
        styleOverrides: { frames: { frameBoxShadowCssValue: 'none' } },
      },
      sidebar: [
        {
          label: 'Start',
          items: [
            { label: 'Is it for me?', slug: 'start/is-it-for-me' },
            { label: 'Quick start', slug: 'start/quick-start' },
            { label: 'What happens to a delivery', slug: 'start/delivery' },
            { label: 'Choose an inbox', slug: 'start/inboxes' },
            { label: 'Production checklist', slug: 'start/checklist' },
          ],
        },
        { label: 'Senders', slug: 'providers' },
        { label: 'Explain a refusal', slug: 'explain' },
        { label: 'Errors by code', slug: 'errors' },
        { label: 'Guides', items: [{ autogenerate: { directory: 'guides' } }] },
        {
          label: 'All options',
          items: [
            { label: 'Of packages', slug: 'options' },
            { label: 'Of senders', slug: 'options-of-senders' },
          ],
        },
        { label: 'Migrating', items: [{ autogenerate: { directory: 'migrating' } }] },
        {
          label: 'Packages',
          collapsed: true,
          items: [{ autogenerate: { directory: 'packages' } }],
        },
        { label: 'Compared', slug: 'compared' },
        {
          label: 'Proof',
          items: [
            { label: 'Summary', slug: 'proof' },
            { label: 'What breaks it', slug: 'what-breaks-it' },
            { label: 'Threat model', slug: 'threat-model' },
          ],
        },
      ],
    }),
  ],
})
