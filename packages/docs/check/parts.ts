import { existsSync, globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { startBrowser, openTab } from '../../inspector/test/page/browser.ts'
import { catalogue } from '../../providers/src/catalogue.ts'
import { run } from '../../../test/run/step.ts'
import { figures } from '../generate/front.ts'
import { PARTS, providerPage } from '../generate/provider.ts'
import { compareAnswers } from './answers.ts'
import { callAll, checkBlocks } from './code.ts'
import { demoRows } from './demo.ts'
import { markEdits, useForm } from './form.ts'
import { followLinks } from './links.ts'
import { lookAt } from './looks.ts'
import type { Row } from './run.ts'
import { askAll, QUESTIONS } from './search.ts'
import { serveFolder } from './serve.ts'
import { sizesOf, type Largest } from './sizes.ts'

/** A part of the run: its rows. */
export type Part = () => Promise<readonly Row[]>

const site = join(import.meta.dirname, '..')
const dist = join(site, 'dist')
const abouts = [...catalogue.values()]
const KB = 1024

/** Every part by its name. */
export const parts: Readonly<Record<string, Part>> = {
  async sections() {
    const gaps = abouts.filter((about) => {
      const { text } = providerPage(about)
      return !PARTS.every((title) => text.includes(`\n## ${title}\n`)) || /undefined|NaN/.test(text)
    })
    return [
      [
        'pages of providers with every part',
        'all',
        `${abouts.length - gaps.length} of ${abouts.length}`,
        gaps.length === 0,
      ],
    ]
  },
  async links() {
    const { links, external, broken } = followLinks(dist)
    return [
      [
        'links and anchors',
        '0 broken',
        `${links} followed, ${broken.length} broken${broken.map(({ page, to }) => `; ${page} → ${to}`).join('')}; ${external} to other hosts were not asked`,
        broken.length === 0,
      ],
    ]
  },
  async figures() {
    const html = readFileSync(join(dist, 'index.html'), 'utf8')
    const all = figures(catalogue.size)
    const missing = all.filter(({ value }) => !html.includes(value))
    const noCard = abouts.filter(
      ({ name }) => !existsSync(join(dist, 'og', `${name.replaceAll('.', '-')}.png`)),
    )
    return [
      [
        'figures of the front page against their runs',
        'equal',
        `${all.length - missing.length} of ${all.length}`,
        missing.length === 0,
      ],
      [
        'providers with a picture for links',
        'all',
        `${abouts.length - noCard.length} of ${abouts.length}`,
        noCard.length === 0,
      ],
    ]
  },
  async blocks() {
    const { whole, fragments, inline, errors, cpu } = await checkBlocks()
    const rest =
      errors.length === 0
        ? ''
        : `; ${errors.length} errors in ${new Set(errors.map((line) => line.split('(')[0])).size} blocks, of what a fragment leaves to its reader`
    return [
      [
        '`ts` blocks and inline calls of pages by hand, guides and READMEs type-checked',
        '0 errors, 30 s of CPU',
        `${whole} whole, ${fragments} fragments and ${inline} calls in ${cpu.toFixed(1)} s of CPU${rest}`,
        errors.length === 0 && cpu <= 30,
      ],
    ]
  },
  async calls() {
    const { run: count, failed } = await callAll(abouts)
    return [
      [
        '"Test it in one call" run',
        'every sender that can sign',
        `${count - failed.length} of ${count}${failed.map((one) => `; ${one}`).join('')}`,
        failed.length === 0,
      ],
    ]
  },
  async sizes() {
    const { pages, html, script, worker, publicKeys, sender } = sizesOf(
      dist,
      abouts.map(({ name }) => name.replaceAll('.', '-')),
    )
    const kb = (bytes: number): string => `${(bytes / KB).toFixed(1)} KB`
    const row = (what: string, most: number, { bytes, of }: Largest): Row => [
      what,
      `${most} KB`,
      `${kb(bytes)} (${of})`,
      bytes <= most * KB,
    ]
    return [
      row(`the largest of ${pages} pages, HTML gzipped`, 25, html),
      row('scripts of a page beside search and explain', 30, script),
      row('explain: the worker', 85, { bytes: worker, of: 'worker.js' }),
      row('explain: the largest sender', 7, sender),
      row('explain: public keys', 20, { bytes: publicKeys, of: 'public-keys' }),
    ]
  },
  async forms() {
    const served = await serveFolder(dist)
    const browser = await startBrowser()
    try {
      const tab = await openTab(browser, `${served.url}/explain/`)
      const edits = await markEdits(tab.page as never)
      await tab.page.reload()
      const {
        requests,
        offline,
        stored,
        verdict: [best, worst],
        gap,
        bound,
      } = await useForm(tab.page as never, served)
      return [
        ...edits.map(([edit, said, isRight]): Row => [
          `bytes that are marked: ${edit}`,
          'those of the edit',
          said,
          isRight,
        ]),
        ['requests after the paste, chunks loaded', '0', String(requests), requests === 0],
        [
          'the verdict with the server gone',
          'comes',
          offline ? 'came, ten times' : 'did not come',
          offline,
        ],
        ['kept of what was pasted', 'nothing', stored, stored.startsWith('nothing')],
        [
          'a worker that calls another host',
          'is stopped',
          bound ? 'stopped by the policy' : 'got through',
          bound,
        ],
        [
          'the verdict on 1 KB that is wrong in one way',
          '300 ms on two quiet cores',
          `${Math.round(best)} to ${Math.round(worst)} ms`,
          best <= 300,
        ],
        [
          'the longest time without a frame meanwhile',
          '250 ms',
          `${Math.round(gap)} ms`,
          gap <= 250,
        ],
      ]
    } finally {
      await browser.close()
      await served.close().catch(() => {})
    }
  },
  demo: () => demoRows(dist),
  async looks() {
    const served = await serveFolder(dist)
    const browser = await startBrowser()
    try {
      const { screens, findings, upstream, cut, problems } = await lookAt(
        browser as never,
        served.url,
        join(import.meta.dirname, '.results', 'pictures'),
      )
      const list = (all: readonly string[]): string =>
        `${all.length}${all
          .slice(0, 12)
          .map((one) => `; ${one}`)
          .join('')}`
      return [
        [
          'axe above minor, a page of each kind at 1440 and 390 in both themes',
          '0',
          `${screens} screens: ${list(findings)}; in Starlight and Expressive Code: ${upstream.join(', ')}`,
          findings.length === 0,
        ],
        [
          'pages that scroll sideways, code and tables that are cut, from 320 to 1440 and at 400 %',
          '0',
          list(cut),
          cut.length === 0,
        ],
        [
          'errors, warnings and violations of the policy in the console',
          '0',
          list(problems),
          problems.length === 0,
        ],
      ]
    } finally {
      await browser.close()
      await served.close()
    }
  },
  async search() {
    const served = await serveFolder(dist)
    const browser = await startBrowser()
    try {
      const tab = await openTab(browser, `${served.url}/`)
      const missed = await askAll(tab.page as never)
      const lost = await openTab(browser, `${served.url}/webhooks/stripe`)
      const link = lost.page.locator('.find a[href="/providers/stripe/"]')
      await link.waitFor({ timeout: 10_000 }).catch(() => {})
      const isFound = (await link.count()) === 1
      const count = Object.keys(QUESTIONS).length
      return [
        [
          'daily questions whose page is among the first three of the search',
          'all',
          `${count - missed.length} of ${count}${missed.map((one) => `; ${one}`).join('')}`,
          missed.length === 0,
        ],
        [
          'an address that leads nowhere, `/webhooks/stripe`',
          'a page with a search that finds `/providers/stripe/`',
          isFound ? 'found' : 'not found',
          isFound,
        ],
      ]
    } finally {
      await browser.close()
      await served.close()
    }
  },
  async answers() {
    const served = await serveFolder(dist)
    const browser = await startBrowser()
    try {
      const tab = await openTab(browser, `${served.url}/explain/`)
      const { equal, elsewhere, unequal, ratio } = await compareAnswers(tab.page as never)
      return [
        [
          'explain in Chromium against Node.js: verdict and findings over all known answers',
          'equal',
          `${equal} equal, ${unequal.length} not${unequal.map((one) => `; ${one}`).join('')}; ${elsewhere} need certificates, for which the page prints the command. ${ratio.toFixed(1)} times the time of Node.js`,
          unequal.length === 0,
        ],
      ]
    } finally {
      await browser.close()
      await served.close()
    }
  },
  async build() {
    const program = join(site, 'node_modules', 'astro', 'bin', 'astro.mjs')
    const command = `TIMEFORMAT='cpu %U %S'; time unshare -rn '${process.execPath}' '${program}' build`
    const { code, output } = await run('bash', ['-c', command], {
      cwd: site,
      env: { ASTRO_TELEMETRY_DISABLED: '1' },
    })
    const [, user, system] = /cpu ([\d.]+) ([\d.]+)/.exec(output) ?? []
    const pages = globSync('**/*.html', { cwd: dist }).length
    const each = (Number(user) + Number(system)) / pages
    return [
      [
        'build without network, CPU for each page',
        '.4 s',
        code === 0 ? `${each.toFixed(2)} s, ${pages} pages` : output.slice(-300),
        code === 0 && each <= 0.4,
      ],
    ]
  },
}
