// `npm run release -- publish <folder> [--stage]` publishes the tarballs of `release -- pack` unchanged. With
// `--stage`, a maintainer must approve each with a second factor: https://docs.npmjs.com/staged-publishing
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { must } from '../pack/must.ts'
import { run } from '../run/step.ts'
import { stalePictures } from '../../packages/inspector/test/page/sources.ts'
import { home, published, strayed } from './home.ts'
import { inOrder } from './order.ts'
import { rejections } from './rejections.ts'

const { values, positionals } = parseArgs({
  options: { stage: { type: 'boolean', default: false } },
  allowPositionals: true,
})
if (positionals.length !== 1) {
  console.error('usage: npm run release -- publish <folder of release -- pack> [--stage]')
  process.exit(2)
}
const folder = resolve(positionals[0]!)
const manifests = inOrder(published().map(({ manifest }) => manifest))
const stale = stalePictures()
if (stale.length > 0) {
  console.error(
    `Nothing was published.\n${stale.join(', ')}: the page has changed since; run npm run docs -- film and npm run docs -- pictures readme`,
  )
  process.exit(1)
}
const wrong = rejections({
  home: home(),
  strayed: strayed(),
  version: manifests[0]!.version,
  changed: await must('git', ['status', '--porcelain', '--untracked-files=no']),
})
if (wrong.length > 0) {
  console.error(`Nothing was published.\n${wrong.join('\n')}`)
  process.exit(1)
}
await must('sha256sum', ['--check', '--strict', '--quiet', 'SHA256SUMS'], { cwd: folder })
const sums = readFileSync(join(folder, 'SHA256SUMS'), 'utf8')
for (const { name, version } of manifests) {
  const file = `${name.replace('@', '').replace('/', '-')}-${version}.tgz`
  if (!sums.includes(`  ${file}\n`)) throw new Error(`${file} is not in SHA256SUMS: pack again`)
  const command = values.stage ? ['stage', 'publish'] : ['publish']
  const { code } = await run('npm', [...command, join(folder, file), '--access', 'public'], {
    show: true,
  })
  if (code !== 0) process.exit(code)
}
