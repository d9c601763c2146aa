// Stand-ins for modules of Node.js that are not used in a browser: certificates and processes.
const none = (): never => {
  throw new Error('not in a browser: use the command line')
}
export class EventEmitter {}
export class Readable {}
export class Writable {}
export const inherits = (): void => {}
export const rootCertificates: readonly string[] = []
export const readFileSync = none
export const createRequire = none
export class AsyncLocalStorage {
  getStore(): undefined {
    return undefined
  }

  run<Result>(_store: unknown, run: () => Result): Result {
    return run()
  }
}
export default {}
