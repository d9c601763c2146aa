// Prints the problems that "Are the types wrong?" finds in the given tarballs, as a JSON object by tarball. One process
// checks all tarballs, because each process would load TypeScript again. The packages are ES modules, so problems that
// concern only CommonJS or Node.js 10 resolution are left out.
import { readFile } from 'node:fs/promises'
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core'
import { problemKindInfo } from '@arethetypeswrong/core/problems'

const LEFT_OUT = new Set<string>(['node10', 'node16-cjs'])

const found: Record<string, readonly string[]> = {}
for (const tarball of process.argv.slice(2)) {
  const analysis = await checkPackage(createPackageFromTarballData(await readFile(tarball)))
  const problems = analysis.types ? analysis.problems : []
  found[tarball] = problems
    .filter((problem) => !('resolutionKind' in problem) || !LEFT_OUT.has(problem.resolutionKind))
    .map((problem) => `${problemKindInfo[problem.kind].title}: ${JSON.stringify(problem)}`)
}
console.log(JSON.stringify(found))
