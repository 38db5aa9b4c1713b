#!/usr/bin/env perl
# Tables and judgement of the turns that scripts/shape took: scripts/shape.pl FILE
# Exit code: 0 all bounds hold, 1 one does not.
use strict;
use warnings;
use FindBin;
require "$FindBin::Bin/pairs.pl";

# The bounds: CPU for each request, many ÷ one, at most; seconds in all; bytes of a result.
my ( $ratio_most, $all_s_most, $result_most ) = ( 1.5, 300, 10 << 20 );
my @sides = qw(many one);
my @rows  = (
    [ plan_s         => 'planned',          's',  1 ],
    [ preparing_s    => 'topics created',   's',  1 ],
    [ readiness_s    => 'consumers ready',  's',  1 ],
    [ drain_s        => 'drained',          's',  1 ],
    [ 'clean-up_s'   => 'topics deleted',   's',  1 ],
    [ all_s          => 'all together',     's',  1 ],
    [ requests       => 'produce requests', '',   1 ],
    [ messages_each  => 'messages in each', '',   1 ],
    [ cpu_request_us => 'CPU/request',      'us', 1 ],
    [ cpu_produce_us => 'CPU/produce req.', 'us', 1 ],
    [ cpu_message_us => 'CPU/message',      'us', 1 ],
    [ publish_p99_us => 'publish p99',      'ms', 1_000 ],
    [ rss            => 'memory',           'MiB', 1 << 20 ],
    [ result         => 'result.json',      'KiB', 1 << 10 ],
);

die "usage: scripts/shape.pl FILE\n" unless @ARGV == 1;
my ( %turns, @all, $is_broken );
read_turns( $ARGV[0] );
print_table();
judge();
exit( $is_broken ? 1 : 0 );

sub read_turns {
    my ($file) = @_;
    open my $lines, '<', $file or die "$file: $!\n";
    while (<$lines>) {
        if (s/^# ?//) { print; next }
        chomp;
        my ( $kind, $pair, undef, $figures ) = split /\t/;
        die "$file:$.: '$kind' is neither many nor one\n" unless $kind =~ /^(?:many|one)$/;
        my %of = ( kind => $kind, pair => $pair, map { split /=/, $_, 2 } split / /, $figures );
        $turns{$pair}{$kind} = \%of;
        push @all, \%of;
    }
    die "$file: no turns\n" unless @all;
}

# Of a kind, what is known of a figure.
sub known {
    my ( $kind, $key ) = @_;
    return grep { defined && $_ ne '-' } map { $_->{$key} } grep { $_->{kind} eq $kind } @all;
}

sub print_table {
    printf "\n%-18s %16s %16s  %s\n", '', @sides, 'many / one (medians)';
    for my $row (@rows) {
        my ( $key, $title, $unit, $divisor ) = @$row;
        my @of   = map { [ known( $_, $key ) ] } @sides;
        my @mean = map { @$_ ? median(@$_) / $divisor : undef } @of;
        my @text = map { defined $_ ? sprintf '%.2f %s', $_, $unit : '-' } @mean;
        my $both = defined $mean[0] && $mean[1] ? sprintf '%.2f', $mean[0] / $mean[1] : '';
        printf "%-18s %16s %16s  %s\n", $title, @text, $both;
    }
    for my $kind (@sides) {
        my %seen = map { ( "limited by $_->{limited_by}, exit $_->{code}" => 1 ) } grep { $_->{kind} eq $kind } @all;
        print "$kind: ", join( '; ', sort keys %seen ), "\n";
    }
    print "\n";
}

sub hold {
    my ( $holds, $words ) = @_;
    $is_broken ||= !$holds;
    print "$words: ", ( $holds ? 'holds' : 'does not hold' ), "\n";
    return;
}

sub judge {
    for my $of (@all) {
        my $is_exact = $of->{due} == $of->{acked} && $of->{due} == $of->{read} && $of->{lost} == 0;
        my $is_gone  = $of->{left} == 0 && $of->{created} == $of->{deleted};
        hold( $is_exact && $is_gone,
            "$of->{kind}, pair $of->{pair}: $of->{due} due, $of->{acked} acked, $of->{read} read, $of->{lost} lost, "
                . "$of->{created} topics created, $of->{deleted} deleted, exact" );
    }
    if ( my @took = known( 'many', 'all_s' ) ) {
        my ($most) = reverse sorted(@took);
        hold( $most < $all_s_most, sprintf 'many took %.1f s in all, below %d s', $most, $all_s_most );
    }
    my ($largest) = reverse sorted( map { $_->{result} } @all );
    hold( $largest < $result_most,
        sprintf 'result.json: %.2f MiB, below %d MiB', $largest / ( 1 << 20 ), $result_most >> 20 );
    my @pairs = grep { $_->{many} && $_->{one} } map { $turns{$_} } sort { $a <=> $b } keys %turns;
    for my $of ( [ cpu_request_us => 'request' ], [ cpu_produce_us => 'produce request' ] ) {
        my ( $key, $what ) = @$of;
        my @known = grep { $_->{many}{$key} ne '-' && $_->{one}{$key} ne '-' } @pairs or next;
        my $ratio = median( ratios_of( $key, \@sides, @known ) );
        hold( $ratio <= $ratio_most, sprintf 'CPU for each %s, many / one: %.2f, at most %.1f', $what, $ratio, $ratio_most );
        return;
    }
    hold( 0, 'CPU for each request is not known of any pair: a bound of it' );
    return;
}
