// Loads the modules of all test programs and exits normally. Node.js writes its compile cache only on a normal exit.
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../run/report.ts'

const manifest = readFileSync(join(root, 'test', 'package.json'), 'utf8')
const { dependencies } = JSON.parse(manifest) as { readonly dependencies: object }
const frameworks = ['express', 'fastify', 'hono', 'koa']
for (const name of [...Object.keys(dependencies), ...frameworks]) await import(name)
for (const file of globSync('packages/cli/src/{main,commands/**/*}.ts', { cwd: root }))
  await import(join(root, file))
