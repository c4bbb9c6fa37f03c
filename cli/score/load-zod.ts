// Loads zod without its fifty translations, which Leadgrade does not use. They are half of zod's
// files and cost as much CPU time as half of `node -e 0`, in a command that scores one lead in four
// to five times that. zod has no entry point without them.
import { registerHooks } from 'node:module';

/** Later imports of zod get the module that this call has loaded. */
export async function loadZod(): Promise<void> {
  const hooks = registerHooks({
    resolve: (specifier, context, next) =>
      next(specifier === '../locales/index.js' ? '../locales/en.js' : specifier, context),
  });
  await import('zod');
  hooks.deregister();
}
