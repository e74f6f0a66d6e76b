// Numbers are hard to follow: a user of the sandbox has the same name each time.
const NAMES = ["Ada", "Ben", "Cleo", "Dan", "Eva", "Finn", "Gül", "Hugo", "Ida", "Jon", "Kim", "Lea", "Max", "Nia", "Oto", "Pia",
  "Quin", "Rui", "Sol", "Tom", "Uma", "Vic", "Wes", "Xia", "Yan", "Zoe"];

export function nameOf(user) {
  const round = Math.floor(user / NAMES.length) % 100;
  return NAMES[user % NAMES.length] + (user >= NAMES.length ? ` ${round}` : "");
}
