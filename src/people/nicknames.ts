// First names that one person may use for the other, and that share no beginning: Bill and William,
// Jörg and George. Names that do (Rob, Robert) need no entry.
import { foldName } from './fold-name.ts';

/** Each line is one name; any two words of a line may be the same person. */
const SAME_NAME = `
william bill billy will willy liam guillaume wilhelm
robert bob bobby rob
richard dick rick ricky rich
edward ted ed eddie ned edouard
theodore ted teddy
james jim jimmy jamie
john jack johnny jon jonathan johannes hans jan jean juan joan giovanni gianni ivan ian sean
henry harry hank heinrich heinz henri enrique enzo enrico
charles chuck charlie carl karl carlos carlo
margaret peggy meg maggie greta grete gretchen margarete margarethe rita
elizabeth liz lisa beth betty bess eliza elisabeth elise lise sissi isabel isabelle
katherine kate kathy katie kat cathy catherine katharina kathrin katja kasia katarzyna trine
anthony tony antonio anton toni
alexander alex sasha xander sandro sandy aleksander
alexandra alex sandra sasha
joseph joe jo sepp josef beppe giuseppe pepe jose josep
francis frank francisco paco pancho franz franziskus francesco francois
frances fran franzi franziska francesca
michael mike mick mickey misha michel miguel mikkel michal michele
christopher chris kit topher christoph christophe
christina tina chris christine kristina kerstin
peter pete pierre pedro pietro piotr pekka
paul pablo paolo pawel
george jorge georg jorg jurgen jerzy giorgio yuri
lawrence larry laurence lorenz lorenzo lars
eugene gene eugen
andrew drew andy andreas andre andrzej
nicholas nick klaus claus nikolaus nicolas nico
matthew matt matthias matteo mateusz
stephen steve stefan steven esteban stephan stephane
patricia pat trish patty patti
deborah debbie deb
susan sue suzy susanne susanna zuzanna
victoria vicky tori
rebecca becky
barbara barb babs barbel basia
dorothy dot dottie dorothea dora
gerald jerry gerry
jerome jerry
samuel sam
samantha sam
daniel dan danny
david dave
benjamin ben benny
thomas tom tommy tomasz
timothy tim timmy
ronald ron ronnie
donald don donnie
gregory greg gregor grzegorz
jeffrey jeff geoffrey geoff
louis lou luis luigi ludwig
sebastian basti seb bastian
maximilian max maxi
friedrich fritz fred frederic
manuel manolo
concepcion concha conchita
dolores lola
ignacio nacho
alessandro sandro ale
malgorzata gosia
agnieszka aga
zbigniew zbyszek
`;

const BY_NAME: ReadonlyMap<string, ReadonlySet<number>> = index();

function index(): ReadonlyMap<string, ReadonlySet<number>> {
  const lines = new Map<string, Set<number>>();
  for (const [line, names] of foldName(SAME_NAME).trim().split('\n').entries()) {
    for (const name of names.split(' ')) lines.set(name, (lines.get(name) ?? new Set()).add(line));
  }
  return lines;
}

/** @param a in the form of `foldName`, as `b` */
export function isNickname(a: string, b: string): boolean {
  const lines = BY_NAME.get(b);
  return lines !== undefined && [...(BY_NAME.get(a) ?? [])].some((line) => lines.has(line));
}
