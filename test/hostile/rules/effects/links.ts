import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { postern } from '../../../../packages/cli/test/run.ts'
import type { RuleCase } from '../rule.ts'

/** Links in a cloned project: the path, and its target relative to the project. */
const LINKS: Readonly<Record<string, readonly [path: string, to: string]>> = {
  'the file .env of another project': ['.env', '../outside/profile'],
  'a file .env that is not there yet': ['.env', '../outside/new'],
  'the folder of the receiver': ['webhooks', '../outside'],
  'the folder of the receiver, that is not there yet': ['webhooks', '../outside/new'],
  'the folder above': ['webhooks', '..'],
  'a link to a link': ['webhooks', 'inner'],
  'the handlers, that are not there yet': ['webhooks/handlers.js', '../../outside/new'],
}

export function linkCases(): readonly RuleCase[] {
  return Object.entries(LINKS).map(([name, [path, to]]) => ({
    name: `writes nothing through a link: ${name}`,
    at: 'postern init',
    sender: 'github',
    async run() {
      const root = mkdtempSync(join(tmpdir(), 'postern-links-'))
      try {
        const project = join(root, 'project')
        const outside = join(root, 'outside')
        mkdirSync(join(project, 'webhooks'), { recursive: true })
        if (path === 'webhooks') rmSync(join(project, 'webhooks'), { recursive: true })
        mkdirSync(outside)
        writeFileSync(join(outside, 'profile'), 'as it was\n')
        const manifest = { type: 'module', dependencies: { express: '^5.0.0' } }
        writeFileSync(join(project, 'package.json'), JSON.stringify(manifest))
        symlinkSync('../outside', join(project, 'inner'))
        symlinkSync(to, join(project, path))
        const { code, err } = await postern(['init', '-p', 'github', '--yes'], { cwd: project })
        const left = readdirSync(outside).join(' ')
        if (left !== 'profile' || readdirSync(root).length !== 2) return `it wrote ${left}`
        if (readFileSync(join(outside, 'profile'), 'utf8') !== 'as it was\n') return 'it wrote .env'
        return code === 1 && err.includes('link that leads out') ? undefined : `${code} ${err}`
      } finally {
        rmSync(root, { recursive: true })
      }
    },
  }))
}
