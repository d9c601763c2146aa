// What tsc of TypeScript 5.9 says of a project, but of files that are ours or the project's alone: to look at those of others too,
// whose errors do not count, takes as long again.
const ts = require('typescript-5.9')

const host = { ...ts.sys, onUnRecoverableConfigFileDiagnostic: report }
const { errors, fileNames, options } = ts.getParsedCommandLineOfConfigFile(
  process.argv[2],
  {},
  host,
)
const program = ts.createProgram(fileNames, options)
const isPostern = (fileName) => fileName.includes('node_modules/@postern/')
const ours = program
  .getSourceFiles()
  .filter(({ fileName }) => isPostern(fileName) || !fileName.includes('node_modules/'))
if (!ours.some(({ fileName }) => isPostern(fileName))) throw new Error('it has no file of ours')
const found = [
  ...errors,
  ...program.getOptionsDiagnostics(),
  ...program.getGlobalDiagnostics(),
  ...ours.flatMap((file) => [
    ...program.getSyntacticDiagnostics(file),
    ...program.getSemanticDiagnostics(file),
  ]),
]
found.forEach(report)

function report(diagnostic) {
  process.exitCode = 1
  console.log(
    ts.formatDiagnostic(diagnostic, {
      getCurrentDirectory: () => process.cwd(),
      getCanonicalFileName: (file) => file,
      getNewLine: () => '\n',
    }),
  )
}
