import { join } from 'node:path'
import { clearReports, readVitest, reports, slowFiles, type Counts } from './report.ts'
import { run } from './step.ts'

/** Runs the tests of one project in vitest.config.ts, shows their output and returns the counts. */
export async function vitest(project: string): Promise<Counts> {
  const name = `vitest-${project.replaceAll(' ', '-')}`
  const file = join(reports, `${name}.json`)
  clearReports(name)
  console.log(`\n— tests: ${project}`)
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`]
  const { code } = await run('vitest', ['run', `--project=${project}`, ...reporters], {
    show: true,
  })
  try {
    if (!['long', 'apart'].includes(project)) for (const line of slowFiles(file)) console.log(line)
    const counts = readVitest(file)
    // Vitest also fails for errors outside of tests, such as an unhandled rejection.
    return code !== 0 && counts.failed === 0 ? { ...counts, failed: 1 } : counts
  } catch {
    return { passed: 0, failed: 1, skipped: [] }
  }
}
