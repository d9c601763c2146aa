import { readFileSync } from 'node:fs'
import starlight from '@astrojs/starlight'
import { defineConfig } from 'astro/config'
import ranking from './src/ranking.json' with { type: 'json' }

// The address of the published site, if there is one.
const { site } = JSON.parse(
  readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
).postern

// The page and its worker call only the host that served them. Starlight writes scripts and styles into the pages:
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
      head: [
        { tag: 'meta', attrs: { 'http-equiv': 'Content-Security-Policy', content: POLICY } },
        { tag: 'meta', attrs: { property: 'og:image', content: `${site ?? ''}/og/postern.png` } },
      ],
      // A word that was typed counts more than longer words that start with it: "send" is not "SendGrid". Each setting
      // is named, since Starlight's defaults differ from Pagefind's, which `check/search.ts` asks.
      pagefind: { ranking },
      pagination: false,
      credits: false,
      expressiveCode: {
        themes: ['github-dark-dimmed', 'github-light'],
        // Long lines of code wrap.
        defaultProps: { wrap: true },
        styleOverrides: { codeFontSize: '0.8125rem', frames: { frameBoxShadowCssValue: 'none' } },
      },
      sidebar: [
        { label: 'Start here', slug: 'start' },
        {
          label: 'Tutorials',
          items: ['tutorials/first-webhook', 'tutorials/stripe-nextjs', 'tutorials/two-machines'],
        },
        {
          label: 'Receive',
          items: [
            { label: 'From a provider', slug: 'providers' },
            'how-to/hosts',
            'how-to/verify',
            'how-to/laptop',
            'how-to/proxy',
            'how-to/secrets',
            'how-to/tenants',
            'how-to/types',
            'how-to/reply',
            'how-to/gateways',
            'how-to/serverless',
            'how-to/lambda',
            'how-to/cloudflare',
            'how-to/runtimes',
          ],
        },
        {
          label: 'Handle',
          items: [
            'how-to/handlers',
            'how-to/retries',
            'how-to/keep-order',
            'how-to/bursts',
            'how-to/fetch-current',
            'how-to/your-orm',
            'how-to/testing',
          ],
        },
        {
          label: 'Operate',
          items: [
            'how-to/checklist',
            'how-to/worker',
            'how-to/shutdown',
            'how-to/watch',
            'how-to/operations',
            'how-to/missed-events',
            'how-to/alerts',
            'how-to/telemetry',
            'how-to/privacy',
            'how-to/upgrade',
            { label: 'Register at the provider', slug: 'packages/registrar' },
          ],
        },
        { label: 'Diagnose', items: ['explain', 'how-to/audit'] },
        { label: 'Send', items: ['how-to/forward', 'how-to/send'] },
        {
          label: 'Migrate',
          collapsed: true,
          items: [{ autogenerate: { directory: 'migrating' } }],
        },
        {
          label: 'Reference',
          items: [
            { label: 'Errors by code', slug: 'errors' },
            'reference/replies',
            { label: 'Command line', slug: 'packages/cli' },
            'reference/inboxes',
            'reference/logs',
            { label: 'Metrics and spans', slug: 'packages/otel' },
            'reference/json',
            'reference/glossary',
            {
              label: 'Options by package',
              collapsed: true,
              items: [{ autogenerate: { directory: 'reference/options' } }],
            },
            {
              label: 'Packages',
              collapsed: true,
              items: [{ autogenerate: { directory: 'packages' } }],
            },
          ],
        },
        {
          label: 'Explanation',
          items: [
            'explanation/is-it-for-me',
            'explanation/compared',
            'explanation/delivery',
            'explanation/inboxes',
            'explanation/fairness',
            'explanation/what-breaks-it',
            { label: 'Security model', slug: 'security' },
            'explanation/versions',
            'architecture',
            'decisions',
            { label: 'Benchmarks and proof', slug: 'proof' },
          ],
        },
      ],
    }),
  ],
})
