/** Next calls it once, before the first request. */
export async function register(): Promise<void> {
  // Next compiles this file for its edge runtime too, which the SDK for Node cannot run in.
  if (process.env['NEXT_RUNTIME'] !== 'nodejs') return
  const { startTelemetry } = await import('./lib/telemetry')
  const stopTelemetry = startTelemetry('web')
  // Next leaves signals to the app only if it is told so.
  if (!process.env['NEXT_MANUAL_SIG_HANDLE']) return
  const { closeOnSignal } = await import('@postern/node')
  closeOnSignal({ inboxes: [{ close: stopTelemetry }] })
}
