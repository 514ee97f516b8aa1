import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { ROOT } from './processes.ts';

/** What a clone does not have. */
const NOT_CLONED = new Set(['.git', 'node_modules', 'dist', 'coverage', 'data']);

const folders: string[] = [];
process.on('exit', () => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** A folder that is gone with this process. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'kraken-graphql-package-'));
  folders.push(folder);
  return folder;
}

/** The sources of this repository, as a clone has them: nothing is built or installed. */
export function cleanClone(): string {
  const clone = join(temporaryFolder(), 'clone');
  cpSync(ROOT, clone, {
    recursive: true,
    filter: path =>
      !NOT_CLONED.has(relative(ROOT, path)) && !path.includes(`${ROOT}bench/peers/node_modules`),
  });
  return clone;
}

/** Packs a clean clone that has its dependencies, as `npm pack` does it, and returns the path of the tarball. */
export function pack(): string {
  const clone = cleanClone();
  symlinkSync(join(ROOT, 'node_modules'), join(clone, 'node_modules'));
  execFileSync('npm', ['pack', '--silent'], { cwd: clone, stdio: ['ignore', 'pipe', 'pipe'] });
  const [name] = readdirSync(clone).filter(file => file.endsWith('.tgz'));
  if (name === undefined) throw new Error('npm pack made no tarball');
  return join(clone, name);
}

/**
 * A project that has the package, and every dependency at the version of the lock file: without a registry.
 *
 * @returns where the package and the project are
 */
export function unpackInto(tarball: string): { readonly project: string; readonly installed: string } {
  const project = temporaryFolder();
  const installed = join(project, 'node_modules/kraken-graphql');
  mkdirSync(installed, { recursive: true });
  execFileSync('tar', ['-xzf', tarball, '-C', installed, '--strip-components=1']);
  symlinkSync(join(ROOT, 'node_modules'), join(installed, 'node_modules'));
  mkdirSync(join(project, 'node_modules/@types'));
  symlinkSync(join(ROOT, 'node_modules/@types/node'), join(project, 'node_modules/@types/node'));
  cpSync(join(ROOT, 'test/package/project'), project, { recursive: true });
  return { project, installed };
}
