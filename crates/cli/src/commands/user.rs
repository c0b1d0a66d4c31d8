//! `filmdesk user`: the accounts of the counter.

use crate::config::Config;
use crate::desk::{self, Desk};
use crate::exit::Failed;
use clap::{Args, Subcommand, ValueEnum};
use filmdesk_desk::Role;
use filmdesk_store::Actor;
use std::path::{Path, PathBuf};

/// What to do with the accounts.
#[derive(Clone, Debug, Subcommand)]
pub enum UserCommand {
    /// Make an account; without --password-file a password is made and printed once
    Add(AddArgs),
    /// List the accounts
    List,
    /// Give an account a new password, which also ends its sessions
    Password(PasswordArgs),
    /// Let nobody sign in with this account any more
    Disable(LoginArgs),
    /// Let it sign in again
    Enable(LoginArgs),
}

/// A new account.
#[derive(Clone, Debug, Args)]
pub struct AddArgs {
    /// What they sign in with
    login: String,
    /// What they may do
    #[arg(long, value_enum, default_value_t = RoleArg::Clerk)]
    role: RoleArg,
    /// Their name on the pages [default: the login]
    #[arg(long)]
    name: Option<String>,
    /// A file whose first line is the password; `-` reads the standard input
    #[arg(long)]
    password_file: Option<PathBuf>,
}

/// A new password.
#[derive(Clone, Debug, Args)]
pub struct PasswordArgs {
    /// The account
    login: String,
    /// A file whose first line is the password; `-` reads the standard input
    #[arg(long)]
    password_file: Option<PathBuf>,
}

/// An account.
#[derive(Clone, Debug, Args)]
pub struct LoginArgs {
    /// The account
    login: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum RoleArg {
    Clerk,
    Supervisor,
}

/// Fewest characters of a password that somebody chose (ASVS 5.0 6.2.1).
const FEWEST: usize = 8;

/// Runs it.
pub async fn run(config: &Config, command: &UserCommand) -> Result<(), Failed> {
    let desk = desk::open(config).await?;
    match command {
        UserCommand::Add(args) => add(&desk, args).await,
        UserCommand::List => list(&desk).await,
        UserCommand::Password(args) => {
            let hash = new_hash(args.password_file.as_deref()).await?;
            Ok(desk.store.change_user(&args.login, Some(&hash), None, None, Actor::Desk, desk.clock.now()).await?)
        }
        UserCommand::Disable(args) => set_disabled(&desk, &args.login, true).await,
        UserCommand::Enable(args) => set_disabled(&desk, &args.login, false).await,
    }
}

async fn add(desk: &Desk, args: &AddArgs) -> Result<(), Failed> {
    let role = match args.role {
        RoleArg::Clerk => Role::Clerk,
        RoleArg::Supervisor => Role::Supervisor,
    };
    let hash = new_hash(args.password_file.as_deref()).await?;
    let name = args.name.as_deref().unwrap_or(&args.login);
    desk.store.create_user(&args.login, &hash, role, name, Actor::Desk, desk.clock.now()).await?;
    println!("{} may sign in as {}", args.login, role.name());
    Ok(())
}

async fn list(desk: &Desk) -> Result<(), Failed> {
    for user in desk.store.users().await? {
        let disabled = if user.disabled { "  disabled" } else { "" };
        println!("{:20} {:12} {}{disabled}", user.login.0, user.role.name(), user.display);
    }
    Ok(())
}

async fn set_disabled(desk: &Desk, login: &str, disabled: bool) -> Result<(), Failed> {
    Ok(desk.store.change_user(login, None, None, Some(disabled), Actor::Desk, desk.clock.now()).await?)
}

/// The hash of the password in the file, or of a new one, which is printed this once.
async fn new_hash(file: Option<&Path>) -> Result<String, Failed> {
    let password = match file {
        Some(file) => first_line(file)?,
        None => {
            let password = crate::demo::new_password();
            println!("password: {password}");
            password
        }
    };
    if password.chars().count() < FEWEST {
        return Err(Failed::usage(format!("a password needs at least {FEWEST} characters")));
    }
    filmdesk_web::password::hash(password).await.map_err(|e| Failed::new(e.to_string()))
}

fn first_line(file: &Path) -> Result<String, Failed> {
    let text =
        if file == Path::new("-") { std::io::read_to_string(std::io::stdin()) } else { std::fs::read_to_string(file) };
    let text = text.map_err(|e| Failed::usage(format!("the password in {}: {e}", file.display())))?;
    Ok(text.lines().next().unwrap_or_default().to_owned())
}
